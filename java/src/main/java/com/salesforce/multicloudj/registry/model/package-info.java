/** Values that describe an image and a finished pull. All are immutable. */
package com.salesforce.multicloudj.registry.model;
