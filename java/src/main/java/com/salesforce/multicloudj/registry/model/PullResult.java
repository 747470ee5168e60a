package com.salesforce.multicloudj.registry.model;

import java.util.Objects;

/** What a finished pull left behind. */
public final class PullResult {
    private final ImageMetadata metadata;
    private final String savedPath;

    private PullResult(Builder from) {
        metadata = from.metadata;
        savedPath = from.savedPath;
    }

    /**
     * Starts a result with nothing set.
     *
     * @return a new builder
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * What was pulled.
     *
     * @return digest, tag and more
     */
    public ImageMetadata getMetadata() {
        return metadata;
    }

    /**
     * Where the tar is.
     *
     * @return the destination's path, written as the caller gave it
     */
    public String getSavedPath() {
        return savedPath;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof PullResult
                && Objects.equals(metadata, ((PullResult) other).metadata)
                && Objects.equals(savedPath, ((PullResult) other).savedPath);
    }

    @Override
    public int hashCode() {
        return Objects.hash(metadata, savedPath);
    }

    @Override
    public String toString() {
        return "PullResult{savedPath=" + savedPath + ", metadata=" + metadata + "}";
    }

    /** Builds a {@link PullResult}. */
    public static final class Builder {
        private ImageMetadata metadata;
        private String savedPath;

        private Builder() {}

        /**
         * Sets what was pulled.
         *
         * @param metadata digest, tag and more
         * @return this builder
         */
        public Builder metadata(ImageMetadata metadata) {
            this.metadata = metadata;
            return this;
        }

        /**
         * Sets where the tar is.
         *
         * @param savedPath the destination's path
         * @return this builder
         */
        public Builder savedPath(String savedPath) {
            this.savedPath = savedPath;
            return this;
        }

        /**
         * Makes the result.
         *
         * @return an immutable result
         */
        public PullResult build() {
            return new PullResult(this);
        }
    }
}
