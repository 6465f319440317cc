"""What plugins' tests are built of; needs the package `hypothesis`."""
