package com.salesforce.multicloudj.registry.probe;

import com.salesforce.multicloudj.common.exceptions.SubstrateSdkException;
import com.salesforce.multicloudj.common.provider.Provider;
import com.salesforce.multicloudj.registry.client.RepositoryClient;
import com.salesforce.multicloudj.registry.oci.OciRegistry;
import java.net.URI;
import java.nio.file.Paths;
import java.util.concurrent.Callable;

/**
 * What an application on the 0.4 line does: catch an exception and ask whether to try again, hand a provider's
 * exception to the provider. Compiled against 0.2.25, so what 0.4 added is called by reflection.
 */
public final class Multicloudj04Probe implements Callable<String> {
    private final String endpoint;
    private final String reference;
    private final String destination;

    /** All strings, so that any class loader can pass them. */
    public Multicloudj04Probe(String endpoint, String reference, String destination) {
        this.endpoint = endpoint;
        this.reference = reference;
        this.destination = destination;
    }

    /** The exception's class among MultiCloudJ's own, and whether it says to try again. */
    @Override
    public String call() throws Exception {
        try (RepositoryClient client = RepositoryClient.builder("oci").withEndpoint(URI.create(endpoint)).build()) {
            client.pullImage(reference, Paths.get(destination));
            return "pulled";
        } catch (SubstrateSdkException e) {
            Class<?> theirs = e.getClass();
            while (!theirs.getName().startsWith("com.salesforce.multicloudj.common.")) {
                theirs = theirs.getSuperclass();
            }
            Object retryable = SubstrateSdkException.class.getMethod("isRetryable").invoke(e);
            return theirs.getSimpleName() + " " + retryable;
        }
    }

    /** Maps an exception through the interface of 0.4, which has no getException. */
    public static String map(Throwable failure) throws Exception {
        Provider provider = new OciRegistry();
        Object mapped = Provider.class.getMethod("mapException", Throwable.class).invoke(provider, failure);
        provider.builder().providerId("oci");
        return mapped.getClass().getSimpleName();
    }
}
