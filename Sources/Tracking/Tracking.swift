// The room Tracking.
