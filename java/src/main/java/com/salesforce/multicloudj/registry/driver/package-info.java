/** The provider layer: references, and the class that a provider written in Java extends. */
package com.salesforce.multicloudj.registry.driver;
