"""What limits cost, and what memory they bound."""
