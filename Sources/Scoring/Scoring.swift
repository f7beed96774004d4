/// How well tracks tell the truth.
