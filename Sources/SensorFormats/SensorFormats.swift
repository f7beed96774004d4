// The room SensorFormats.
