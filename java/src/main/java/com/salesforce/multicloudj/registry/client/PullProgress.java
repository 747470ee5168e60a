package com.salesforce.multicloudj.registry.client;

import java.util.ArrayList;
import java.util.List;

/** Where a pull stands. An immutable snapshot. */
public final class PullProgress {
    private final List<Layer> layers;
    private final long bytesDone;
    private final long bytesTotal;

    PullProgress(String[] digests, long[] done, long[] total) {
        List<Layer> snapshot = new ArrayList<>(digests.length);
        long sumDone = 0;
        long sumTotal = 0;
        for (int i = 0; i < digests.length; i++) {
            snapshot.add(new Layer(digests[i], done[i], total[i]));
            sumDone += done[i];
            sumTotal += total[i];
        }
        layers = List.copyOf(snapshot);
        bytesDone = sumDone;
        bytesTotal = sumTotal;
    }

    /**
     * How much of all layers has arrived. It goes back when a layer has to start over.
     *
     * @return bytes as the registry stores them, usually compressed
     */
    public long getBytesDone() {
        return bytesDone;
    }

    /**
     * The size of all layers.
     *
     * @return bytes as the registry stores them, usually compressed
     */
    public long getBytesTotal() {
        return bytesTotal;
    }

    /**
     * Each distinct layer, in the order of the manifest.
     *
     * @return an unmodifiable list
     */
    public List<Layer> getLayers() {
        return layers;
    }

    @Override
    public String toString() {
        return bytesDone + " of " + bytesTotal + " bytes, " + layers.size() + " layers";
    }

    /** Where one layer stands. */
    public static final class Layer {
        private final String digest;
        private final long bytesDone;
        private final long bytesTotal;

        private Layer(String digest, long bytesDone, long bytesTotal) {
            this.digest = digest;
            this.bytesDone = bytesDone;
            this.bytesTotal = bytesTotal;
        }

        /**
         * The layer's digest in the manifest.
         *
         * @return {@code sha256:} and 64 hexadecimal digits
         */
        public String getDigest() {
            return digest;
        }

        /**
         * How much of the layer has arrived.
         *
         * @return bytes as the registry stores them
         */
        public long getBytesDone() {
            return bytesDone;
        }

        /**
         * The layer's size.
         *
         * @return bytes as the registry stores them
         */
        public long getBytesTotal() {
            return bytesTotal;
        }

        @Override
        public String toString() {
            return digest + ": " + bytesDone + " of " + bytesTotal + " bytes";
        }
    }
}
