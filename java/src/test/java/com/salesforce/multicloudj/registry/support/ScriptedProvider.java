package com.salesforce.multicloudj.registry.support;

import com.salesforce.multicloudj.registry.driver.AbstractRegistry;
import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A provider written in Java that does what a test tells it. The client makes its own instance, so the script is static:
 * call {@link #reset} first.
 */
public final class ScriptedProvider extends AbstractRegistry {
    /** Its id. */
    public static final String ID = "scripted";

    /** What getRegistryEndpoint() gives. */
    public static volatile Callable<String> endpoint;

    /** What getDockerAuthUsername() gives. */
    public static volatile Callable<String> user;

    /** What getDockerAuthToken() gives. */
    public static volatile Callable<String> token;

    /** How often each was asked, and how many instances were closed. */
    public static final AtomicInteger ENDPOINTS = new AtomicInteger();

    public static final AtomicInteger USERS = new AtomicInteger();
    public static final AtomicInteger TOKENS = new AtomicInteger();
    public static final AtomicInteger CLOSED = new AtomicInteger();

    /** Made by ServiceLoader and by the client's builder. */
    public ScriptedProvider() {
        super(ID);
    }

    /** A provider that logs in as {@code user} with {@code password} at {@code registry}. */
    public static void reset(TestRegistry registry, String user, String password) {
        endpoint = () -> registry.uri().toString();
        ScriptedProvider.user = () -> user;
        token = () -> password;
        for (AtomicInteger counter : new AtomicInteger[] {ENDPOINTS, USERS, TOKENS, CLOSED}) {
            counter.set(0);
        }
    }

    @Override
    protected String getRegistryEndpoint() {
        ENDPOINTS.incrementAndGet();
        return call(endpoint);
    }

    @Override
    protected String getDockerAuthUsername() {
        USERS.incrementAndGet();
        return call(user);
    }

    @Override
    protected String getDockerAuthToken() throws IOException {
        TOKENS.incrementAndGet();
        return call(token);
    }

    @Override
    public void close() {
        CLOSED.incrementAndGet();
    }

    private static String call(Callable<String> script) {
        try {
            return script.call();
        } catch (Exception e) {
            throw ScriptedProvider.<RuntimeException>sneak(e);
        }
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> T sneak(Throwable e) throws T {
        throw (T) e;
    }
}
