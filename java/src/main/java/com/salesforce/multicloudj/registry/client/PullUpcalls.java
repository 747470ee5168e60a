package com.salesforce.multicloudj.registry.client;

import com.salesforce.multicloudj.common.exceptions.UnAuthorizedException;
import com.salesforce.multicloudj.registry.driver.AbstractRegistry;
import com.salesforce.multicloudj.registry.internal.ProviderAccess;
import com.salesforce.multicloudj.registry.internal.Upcalls;
import java.nio.charset.StandardCharsets;

/** What one running pull tells the listener and asks the provider. */
final class PullUpcalls implements Upcalls {
    private final ProgressListener listener;
    private final AbstractRegistry provider;
    private String[] digests;
    private long[] sizes;

    /** Both may be null: nobody watches, or the engine needs no credential from Java. */
    PullUpcalls(ProgressListener listener, AbstractRegistry provider) {
        this.listener = listener;
        this.provider = provider;
    }

    @Override
    public void plan(String[] digests, long[] sizes) {
        this.digests = digests;
        this.sizes = sizes;
    }

    @Override
    public void progress(long[] done) {
        if (listener != null) {
            listener.onProgress(new PullProgress(digests, done, sizes));
        }
    }

    @Override
    public byte[][] credentials() {
        String[] login;
        try {
            login = ProviderAccess.get().login(provider);
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            // Also what a provider throws without declaring it (Kotlin, Lombok's SneakyThrows).
            throw new UnAuthorizedException(
                    "ask provider " + provider.getProviderId() + " for user and token: " + e.getMessage(), e);
        }
        if (login == null) {
            return null;
        }
        return new byte[][] {
            login[0].getBytes(StandardCharsets.UTF_8), login[1].getBytes(StandardCharsets.UTF_8)
        };
    }
}
