/** The boundary to the native library. Not API: it may change with any release. */
package com.salesforce.multicloudj.registry.internal;
