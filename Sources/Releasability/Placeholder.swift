import Air
