/**
 * The compressions that Linux uses for the payload of a bzImage. Every decoder is a total function:
 * it gives the bytes or a {@link org.wardian.boot.payload.CorruptPayloadException}, in memory
 * bounded by the limit that the caller sets.
 */
package org.wardian.boot.payload;
