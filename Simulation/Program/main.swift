print("kumiko-simulate")
