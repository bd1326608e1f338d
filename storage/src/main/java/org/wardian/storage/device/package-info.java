/** Requests to images: threads, limits, policies for errors, statistics. */
package org.wardian.storage.device;
