"""What destinations and services share: values from Secrets that the console masks."""
