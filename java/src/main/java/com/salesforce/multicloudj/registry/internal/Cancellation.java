package com.salesforce.multicloudj.registry.internal;

/**
 * Stops one pull from another thread.
 *
 * <p>The native handle exists only while the pull runs, so that a task which an executor drops unseen leaves nothing
 * behind. The race this class settles: {@link #trigger()} before, while or after the pull runs.
 */
public final class Cancellation {
    private boolean triggered;
    private long handle;

    /** Stops the pull: at once if it runs, at its start if it has not started, not at all if it is over. */
    public synchronized void trigger() {
        triggered = true;
        if (handle != 0) {
            Native.cancelTrigger(handle);
        }
    }

    synchronized long open() {
        handle = Native.cancelCreate();
        if (triggered) {
            Native.cancelTrigger(handle);
        }
        return handle;
    }

    synchronized void close() {
        Native.cancelClose(handle);
        handle = 0;
    }
}
