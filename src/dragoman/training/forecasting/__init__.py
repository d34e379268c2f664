"""Training of forecasts: from series to trees that tell the next values."""
