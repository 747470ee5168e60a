package com.salesforce.multicloudj.registry.client;

/** Watches a pull. */
@FunctionalInterface
public interface ProgressListener {
    /**
     * Told at most ten times a second while bytes arrive, and once when all of them are there.
     *
     * <p>Called on the thread that runs the pull. While this method runs, the transfer goes on; a slow listener delays
     * only the next report and the pull's own return. An exception stops the pull and leaves it as the same object. One
     * that is thrown at the last report comes too late to stop anything: the tar is complete and stays.
     *
     * @param progress where the pull stands
     */
    void onProgress(PullProgress progress);
}
