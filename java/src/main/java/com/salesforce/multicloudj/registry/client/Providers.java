package com.salesforce.multicloudj.registry.client;

import com.salesforce.multicloudj.registry.driver.AbstractRegistry;
import com.salesforce.multicloudj.registry.internal.Failures;
import com.salesforce.multicloudj.registry.oci.OciRegistry;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;

/** Finds a provider by its id. */
final class Providers {
    /** An unreadable services file can make the iterator fail for ever; no application has this many providers. */
    private static final int MAX_BROKEN = 100;

    private Providers() {}

    /** Whether the native engine knows the provider itself. */
    static boolean isNative(String providerId) {
        return OciRegistry.PROVIDER_ID.equals(providerId);
    }

    /**
     * The provider written in Java with this id, as ServiceLoader made it: good for its builder only.
     *
     * <p>Providers are looked for where the calling thread's context class loader sees them, then where this class was
     * loaded from. One that cannot be made is skipped, and named if the search finds nothing.
     */
    static AbstractRegistry find(String providerId) {
        Set<String> known = new LinkedHashSet<>(List.of(OciRegistry.PROVIDER_ID));
        Set<String> broken = new LinkedHashSet<>();
        for (ClassLoader loader : loaders()) {
            Iterator<AbstractRegistry> providers = ServiceLoader.load(AbstractRegistry.class, loader).iterator();
            while (broken.size() < MAX_BROKEN) {
                try {
                    if (!providers.hasNext()) {
                        break;
                    }
                    AbstractRegistry provider = providers.next();
                    if (providerId.equals(provider.getProviderId())) {
                        return provider;
                    }
                    known.add(provider.getProviderId());
                } catch (ServiceConfigurationError | LinkageError e) {
                    if (!broken.add(describe(e))) {
                        break;
                    }
                }
            }
        }
        throw Failures.invalid("no registry provider has the id \"" + providerId + "\"; there is "
                + String.join(", ", known) + (broken.isEmpty() ? "" : "; skipped: " + String.join("; ", broken)));
    }

    private static List<ClassLoader> loaders() {
        List<ClassLoader> loaders = new ArrayList<>();
        ClassLoader context = Thread.currentThread().getContextClassLoader();
        if (context != null) {
            loaders.add(context);
        }
        ClassLoader own = AbstractRegistry.class.getClassLoader();
        if (own != context) {
            loaders.add(own);
        }
        return loaders;
    }

    /** ServiceLoader's message names the class; the reason is in the cause. */
    private static String describe(Error e) {
        String service = AbstractRegistry.class.getName() + ": ";
        String message = String.valueOf(e.getMessage());
        if (message.startsWith(service)) {
            message = message.substring(service.length());
        }
        return e.getCause() == null ? message : message + " (" + e.getCause() + ")";
    }
}
