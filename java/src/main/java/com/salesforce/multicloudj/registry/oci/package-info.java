/** The provider for any registry that speaks the OCI distribution protocol. */
package com.salesforce.multicloudj.registry.oci;
