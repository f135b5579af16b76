"""What has been spent: answers, training and hosting, with a range wherever a number is one."""
