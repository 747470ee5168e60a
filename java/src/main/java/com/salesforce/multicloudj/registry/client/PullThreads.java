package com.salesforce.multicloudj.registry.client;

import java.util.concurrent.atomic.AtomicInteger;

/** A thread for each pull that was given none: a pull blocks, so the common pool is no place for it. */
final class PullThreads {
    private static final AtomicInteger NUMBER = new AtomicInteger();

    private PullThreads() {}

    static void start(Runnable pull) {
        Thread thread = new Thread(pull, "mcjr-pull-" + NUMBER.incrementAndGet());
        thread.setDaemon(true);
        thread.setContextClassLoader(Thread.currentThread().getContextClassLoader());
        thread.start();
    }
}
