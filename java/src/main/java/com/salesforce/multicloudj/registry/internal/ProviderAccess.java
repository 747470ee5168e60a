package com.salesforce.multicloudj.registry.internal;

import com.salesforce.multicloudj.registry.driver.AbstractRegistry;
import java.io.IOException;

/**
 * How the client reaches the provider methods that are protected: they are for subclasses to write, not for
 * applications to call. {@code AbstractRegistry} puts its own instance here when its class is initialised.
 */
public abstract class ProviderAccess {
    private static volatile ProviderAccess instance;

    /** For {@code AbstractRegistry} alone. */
    protected ProviderAccess() {}

    /**
     * Called once, by {@code AbstractRegistry}.
     *
     * @param access reaches the protected methods
     */
    public static void set(ProviderAccess access) {
        instance = access;
    }

    /**
     * The access; whoever holds a registry has initialised its class.
     *
     * @return never null
     */
    public static ProviderAccess get() {
        return instance;
    }

    /**
     * Calls {@code getRegistryEndpoint()}.
     *
     * @param registry the provider
     * @return what it returns
     */
    public abstract String registryEndpoint(AbstractRegistry registry);

    /**
     * Calls {@code getDockerAuthUsername()} and {@code getDockerAuthToken()}.
     *
     * @param registry the provider
     * @return user and token, or null for anonymous
     * @throws IOException what they throw
     */
    public abstract String[] login(AbstractRegistry registry) throws IOException;
}
