/** The portable layer: one client for every provider. */
package com.salesforce.multicloudj.registry.client;
