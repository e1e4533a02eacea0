"""Import and export of a list: pages, API, and the work behind them."""
