"""What a recording is: classifiers over features, trained, kept in a file, and words spotted in long recordings."""
