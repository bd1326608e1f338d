/** {@code ward disk}: a verb a file. */
package org.wardian.cli.disk;
