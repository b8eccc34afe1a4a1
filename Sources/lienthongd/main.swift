print("lienthongd")
