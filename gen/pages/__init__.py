"""What is looked at and listened to in a browser, from the templates beside it; the same as plots."""
