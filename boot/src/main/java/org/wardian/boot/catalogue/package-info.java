/**
 * The catalogue of named guests: which Debian packages make a guest, how they are fetched from a
 * Debian mirror with every signature and hash verified, and the cache in which they are kept.
 */
package org.wardian.boot.catalogue;
