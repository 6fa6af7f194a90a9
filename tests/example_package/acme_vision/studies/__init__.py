"""What Acme adds to vf-ray."""
