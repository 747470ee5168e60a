package com.salesforce.multicloudj.common.provider;

import com.salesforce.multicloudj.common.service.SdkService;

public interface Provider extends SdkService {
    Builder builder();

    interface Builder {
        Builder providerId(String providerId);
    }
}
