/** Dirty bitmaps: which ranges of a disk were written. */
package org.wardian.storage.bitmap;
