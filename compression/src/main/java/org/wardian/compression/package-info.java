/** Zstandard (RFC 8878), without native code: what is unpacked is hostile. */
package org.wardian.compression;
