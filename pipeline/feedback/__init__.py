"""What was asked for again after it had been left out makes the policy of later conversations gentler. Pure: values in, values out."""
