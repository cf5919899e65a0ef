"""Vector representations of text: TF-IDF, latent semantic analysis and word embeddings."""
