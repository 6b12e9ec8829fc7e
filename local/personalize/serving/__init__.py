"""What a model answers, whoever asks: an operation of the runtime, or a batch job."""
