/** The contract that every accelerator meets, and the software processor behind it. */
package org.wardian.processor;
