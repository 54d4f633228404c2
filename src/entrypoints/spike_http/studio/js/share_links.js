// Links to pages that need no account, and copying them.

import { absoluteUrl } from './api.js';
import { openDialog } from './dialog.js';
import { h } from './dom.js';
import { updateImage } from './images.js';
import { showToast } from './toasts.js';

// These are paths, not fragments: the server puts a preview card into the page.
export const sharedAlbumLink = ({ id, privacy, shareToken }) =>
  absoluteUrl(`/share/albums/${id}${privacy === 'UNLISTED' ? `?shareToken=${encodeURIComponent(shareToken)}` : ''}`);
const sharedPictureLink = (imageId, jobId) => absoluteUrl(`/share/pictures/${imageId}${jobId ? `?job=${jobId}` : ''}`);

// A picture is shared by its link once everyone may see it.
export function openShareDialog(image, jobId) {
  const link = sharedPictureLink(image.id, jobId);
  if (image.isPublic) return copyLink(link);
  return openDialog({
    title: 'Share this picture?',
    content: h(
      'p',
      { class: 'muted' },
      'Everyone with the link will see it before and after, without an account. Its details can make it private again.',
    ),
    action: 'Share',
    async onSubmit() {
      await updateImage(image.id, { isPublic: true });
      image.isPublic = true;
      await copyLink(link);
    },
  });
}

export async function copyLink(link) {
  try {
    await navigator.clipboard.writeText(link);
    showToast('Link copied');
  } catch {
    openDialog({
      title: 'Link',
      content: h(
        'label',
        { class: 'field' },
        h('span', {}, 'Copy this link'),
        h('input', { value: link, readonly: true }),
      ),
      action: 'Done',
    });
  }
}
