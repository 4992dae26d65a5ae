"""A Singer tap for Klaviyo: the tap and its command line stand here, everything else in packages below them."""
