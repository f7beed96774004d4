// The room Exercises.
