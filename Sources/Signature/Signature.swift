package import Exchange
