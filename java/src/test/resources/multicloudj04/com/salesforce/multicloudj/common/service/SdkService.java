package com.salesforce.multicloudj.common.service;

import com.salesforce.multicloudj.common.exceptions.SubstrateSdkException;

public interface SdkService {
    String getProviderId();

    SubstrateSdkException mapException(Throwable t);
}
