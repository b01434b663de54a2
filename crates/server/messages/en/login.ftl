# The pages of sign-in, in English.

## Shared

continue = Continue
accept = Accept
decline = Decline
confirm = Confirm
cancel = Cancel
logo-alt = { $tenant }
label-email = Email address
label-username = Username
label-identifier = Username or email address
label-password = Password
label-new-password = New password
label-repeat-password = Repeat the new password
label-code = Code
show-password = Show password
hide-password = Hide password
edit = Edit
edit-identifier = Use another account
forgot-password = Forgot password?
signup-question = Don't have an account?
signup-link = Sign up
login-question = Already have an account?
login-link = Log in
back-to-login = Back to log in
back-to-application = Back to { $application }
help = Help
problem = Problem:
signed-in-as = Signed in as { $user }

## Login

divider = or
continue-with = Continue with { $provider }
continue-with-passkey = Continue with a passkey
login-page-title = Log in | { $application }
login-title = Welcome
login-description = Log in to { $tenant } to continue to { $application }.
password-page-title = Enter your password | { $application }
password-title = Enter your password
password-description = Enter your password for { $tenant } to continue to { $application }.

## Signup

signup-page-title = Sign up | { $application }
signup-title = Create your account
signup-description = Sign up to { $tenant } to continue to { $application }.

## Passwords

rules-title = Your password must contain:
rule-length = at least { $count } characters
rule-lower = a lower-case letter (a–z)
rule-upper = an upper-case letter (A–Z)
rule-digit = a number (0–9)
rule-special = a special character (such as !@#$%^&*)
rule-three-of-four = at least { $count } of the following:
rule-repeats = no more than { $count } identical characters in a row
rule-personal = no part of your name, username or email address
rule-common = nothing that is among the most common passwords
rule-history = no password that you have used before
rule-met = Fulfilled:
rule-missed = Not fulfilled:

## Password reset

reset-page-title = Reset your password | { $application }
reset-request-title = Forgot your password?
reset-request-description = Enter your email address and we will send you instructions for resetting your password.
reset-sent-title = Check your email
reset-sent-description = If there is an account for { $email }, we have sent instructions for resetting its password to that address.
reset-sent-hint = The message can take a few minutes. Please look into your spam folder too.
resend-question = Didn't receive an email?
resend-link = Send it again
reset-title = Change your password
reset-description = Enter a new password below.
reset-button = Reset password
reset-done-title = Password changed
reset-done-description = Your password has been changed. You can log in with it from now on.
reset-expired-title = This link has expired
reset-expired-description = Links for resetting a password are valid for a limited time only. Request a new one to continue.
reset-used-title = This link has been used already
reset-used-description = Each link for resetting a password works only once. Request a new one to continue.
reset-invalid-title = This link is not valid
reset-invalid-description = Please check that you opened the whole link from the email, or request a new one.
reset-again = Request a new link

## Email verification

verification-page-title = Email verification | { $application }
verified-title = Email verified
verified-description = Your email address has been verified.
verified-already-description = Your email address was verified already.
verification-failed-title = Email not verified
verification-invalid-description = This link is not valid or has expired. Ask the application for a new email.
verification-error-description = Your email address could not be verified just now. Please try the link again later.

## Consent

consent-page-title = Authorize { $application }
consent-title = Authorize { $application }
consent-greeting = Hi { $user },
consent-message = { $application } is requesting access to your { $tenant } account.
consent-scopes = This will allow { $application } to:
consent-returns = After you decide, you return to { $host }.
scope-openid = know who you are
scope-profile = see your profile, such as your name and picture
scope-email = see your email address
scope-address = see your postal address
scope-phone = see your phone number
scope-offline = keep this access while you are not using it

## Device activation

device-page-title = Device activation
device-title = Connect a device
device-description = Enter the code that your device shows.
device-confirm-page-title = Connect { $application }
device-confirm-title = Is this the code on your device?
device-confirm-description = Please confirm that { $application } shows exactly this code on your device:
device-confirm-warning = If you did not start this yourself or do not recognize the device, select "Cancel".
device-done-title = You're all set
device-done-description = Your device is connected. You can close this page.
device-refused-title = Device not connected
device-refused-description = The device was not given access. You can close this page.

## Logout

logout-page-title = Log out | { $application }
logout-title = Log out
logout-greeting = Hi { $user },
logout-description = Do you want to log out of { $application }?
logout-yes = Log out
logout-no = Stay logged in
logged-out-page-title = Logged out | { $application }
logged-out-title = You are logged out
logged-out-description = You can close this page.
logout-kept-page-title = Still logged in | { $application }
logout-kept-title = You are still logged in

## Unblocking an account

unblock-page-title = Account unblocked | { $application }
unblocked-title = Account unblocked
unblocked-description = Your account has been unblocked. You can log in again.
unblock-failed-page-title = Account not unblocked | { $application }
unblock-failed-title = Account not unblocked
unblock-expired-description = This link has expired. Try to log in, and we will send you a new one if your account is still blocked.
unblock-used-description = This link has been used already. You can try to log in.
unblock-error-description = Something went wrong. Please try the link again later.

## Errors

error-page-title = Something went wrong | { $application }
error-generic-title = Something went wrong
error-generic-description = We could not complete this step. Go back to the application and try again.
error-expired-title = This page is no longer valid
error-expired-description = The login took too long or was continued elsewhere. Go back to the application and log in again.
error-request-title = The application sent an invalid request
error-request-description = You cannot do anything about this yourself. Please let those who run the application know what is written below.
error-denied-title = Access denied
error-denied-description = You do not have access to { $application }. If you think that you should, contact its operators.
error-missing-title = Page not found
error-missing-description = There is nothing at this address. Please check the link.
error-busy-title = Too many people are logging in
error-busy-description = Please wait a moment and try again.
error-details = Details
error-code = Error
error-tracking = Reference

## Problems with what was entered

problem-wrong-credentials = Wrong username or password.
problem-wrong-email-credentials = Wrong email or password.
problem-no-email = Please enter an email address.
problem-no-username = Please enter a username.
problem-no-identifier = Please enter your username or email address.
problem-no-password = Please enter a password.
problem-no-repeat = Please repeat the new password.
problem-no-code = Please enter the code.
problem-invalid-email = This is not a valid email address. It looks like name@example.com.
problem-invalid-username = A username has { $min } to { $max } characters: letters, numbers, and any of { $characters }
problem-invalid-code = This code is not valid or has expired. Please check it, or start again on your device.
problem-user-blocked = This account is blocked after too many failed attempts. If it is yours, look for an email that tells how to unblock it, or reset your password.
problem-account-closed = This account is blocked by an administrator. Please contact the support of the application.
problem-ip-blocked = There were too many attempts from your network. Please try again later, or contact the administrator.
problem-too-many = There were too many attempts. Please wait a while and try again.
problem-too-many-signups = Too many accounts were created from your network. Please try again later.
problem-signup-refused = We could not create an account with these details. If you already have an account, log in or reset your password.
problem-signup-disabled = New accounts cannot be created here.
problem-password-weak = This password is too weak. Please follow the rules below.
problem-password-common = This password is too common and easy to guess. Please choose another one.
problem-password-used = You have used this password before. Please choose another one.
problem-password-personal = Your password contains parts of your personal details. Please choose another one.
problem-password-long = This password is too long. Please use { $max } characters at most.
problem-password-mismatch = The two passwords are not the same.
problem-stale = This page was open for too long. Please enter your details again.
problem-passkey = The passkey was not accepted. It may have been removed, or made for another account. Try again, or log in with your password.
problem-busy = Too many people are logging in just now. Please wait a moment and try again.
problem-failure = Something went wrong. Please try again later.

## Pages between two sites

relay-page-title = Loading…
relay-description = If nothing happens, press the button to continue.
