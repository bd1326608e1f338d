/** What a guest is given on a medium of its own: ISO 9660 volumes, and the seed of cloud-init. */
package org.wardian.boot.seed;
