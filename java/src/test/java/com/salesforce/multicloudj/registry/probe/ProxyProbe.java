package com.salesforce.multicloudj.registry.probe;

import com.salesforce.multicloudj.common.exceptions.SubstrateSdkException;
import com.salesforce.multicloudj.registry.client.RepositoryClient;
import com.salesforce.multicloudj.registry.client.RepositoryClientBuilder;
import java.net.URI;
import java.nio.file.Paths;

/** Pulls from a host that is not there, through the proxy in the argument if there is one, and tells what went wrong. */
public final class ProxyProbe {
    private ProxyProbe() {}

    /** {@code [proxy]} */
    public static void main(String[] args) {
        RepositoryClientBuilder builder = RepositoryClient.builder("oci")
                .withEndpoint(URI.create("https://registry.invalid"))
                .withOption("retry-attempts", "1");
        if (args.length > 0) {
            builder.withProxyEndpoint(URI.create(args[0]));
        }
        try (RepositoryClient client = builder.build()) {
            client.pullImage("app:v1", Paths.get("never.tar"));
        } catch (SubstrateSdkException e) {
            System.out.println(e.getMessage());
        }
    }
}
