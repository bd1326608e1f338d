/** Folders of the host that guests share. */
package org.wardian.storage.share;
