package com.salesforce.multicloudj.registry.probe;

import com.salesforce.multicloudj.common.exceptions.SubstrateSdkException;
import com.salesforce.multicloudj.registry.client.RepositoryClient;

/** Tries to load the native library twice and prints what comes of it. */
public final class LoadProbe {
    private LoadProbe() {}

    public static void main(String[] args) {
        for (int i = 0; i < 2; i++) {
            try {
                RepositoryClient.builder("oci").build().close();
                System.out.println("loaded");
            } catch (SubstrateSdkException e) {
                System.out.println(e.getClass().getSimpleName() + ": " + e.getMessage());
            }
        }
    }
}
